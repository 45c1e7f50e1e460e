module x

go 1.20

require (
	go.example/lib v1.9.0
	go.example/versionless
