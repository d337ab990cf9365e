# Signature of wine.pb: what is fed, what is fetched, and the names in C.
callable {
  name: "wine"
  feed { id { node_name: "dense_1_input" } shape { dim { size: 4 } dim { size: 11 } } name: "features" }
  fetch { id { node_name: "dense_3/Sigmoid" } name: "quality" }
}
