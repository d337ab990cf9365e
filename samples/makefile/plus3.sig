# Signature of plus3.pb: its length is fixed to 3 here.
callable {
  name: "plus3"
  feed { id { node_name: "input" } shape { dim { size: 3 } } name: "x" }
  fetch { id { node_name: "output" } name: "y" }
}
