"""Operations on tensors of Keras 2, as Keras 3 has them: which one is equal, and how it is called."""
