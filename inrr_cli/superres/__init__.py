"""Super-resolution from the image itself: downscaling model, zero-shot network, patch model, consistency."""
