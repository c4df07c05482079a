FROMalpineASbase
RUNab
