"""The gateway: takes files over HTTP, promises them to the chain, and tells where each task is."""
