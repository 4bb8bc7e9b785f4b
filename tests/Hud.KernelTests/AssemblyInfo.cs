// Counts of probe hits and of what is attached belong to one test at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
