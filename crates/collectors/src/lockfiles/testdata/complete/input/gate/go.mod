module go.example/gate

go 1.22.1

toolchain go1.22.3

require (
	go.example/lib v1.9.0
	go.example/pseudo v0.0.0-20240102030405-0123456789ab // indirect
	go.example/near/v2 v2.0.1
)

require go.example/moved v1.0.0

replace go.example/moved => go.example/fork v1.0.1

replace go.example/near/v2 v2.0.1 => ../near
