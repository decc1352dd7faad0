alter database {name} rename to {new_name}
