analyze served_building, coverage
