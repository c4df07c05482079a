FROMalpine
RUNa
