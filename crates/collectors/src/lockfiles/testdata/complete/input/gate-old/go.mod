module go.example/gate-old

go 1.16

require go.example/lib v1.9.0
