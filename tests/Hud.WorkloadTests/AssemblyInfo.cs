// The programs measure themselves on a machine with few CPUs: two at once would be each other's noise.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
