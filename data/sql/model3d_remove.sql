delete from model3d where city_id = %(city_id)s and name = %(name)s returning folder
