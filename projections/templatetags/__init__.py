"""What the read side draws on pages of others."""
