from a import Point, Emp, Space, Dyn
