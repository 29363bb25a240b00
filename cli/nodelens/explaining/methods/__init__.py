"""The explaining methods: from activations, gradients and reruns to maps."""
