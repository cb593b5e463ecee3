module example.com/shop

go 1.22

require github.com/rollbar/rollbar-go v1.4.8
