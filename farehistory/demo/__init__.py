"""What `make demo` does: accounts, API keys, processes, and the file that remembers them."""
