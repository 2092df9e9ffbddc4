"""The result of a target, as data: findings, results and the targets they belong to."""
