module clinic.example/portal

go 1.22

require (
	code.example/BigWords/toml v1.1.0
	code.example/plain v0.2.0
)
