module go.example/gate

require go.example/lib v1.9.0
