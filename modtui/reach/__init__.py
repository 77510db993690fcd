"""How an inspector gets to an agent: in process, by pid, by a listening socket, by running."""
