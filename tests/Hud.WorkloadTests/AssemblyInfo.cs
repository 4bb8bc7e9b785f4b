// Each program keeps an account of what it got of the CPUs, so that four at a time, which block now and then, are judged as well as one.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
