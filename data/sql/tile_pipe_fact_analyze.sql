analyze pipe_fact
