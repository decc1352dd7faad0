select to_regclass('model3d') is not null
