"""The id that fills up the ends of texts; without PyTorch, because what only asks a network needs it too."""

PAD = 0
