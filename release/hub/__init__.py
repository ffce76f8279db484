"""What reading from the Hub and publishing to it share: the client, its patience, its refusals."""
