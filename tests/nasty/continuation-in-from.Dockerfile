FROM \
  alpine \
  AS base
