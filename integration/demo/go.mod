module ocinorm.example/demo

go 1.19
