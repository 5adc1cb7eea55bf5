module ocinorm.example/go

go 1.19
