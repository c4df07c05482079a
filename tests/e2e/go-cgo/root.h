double square_root(double number);
