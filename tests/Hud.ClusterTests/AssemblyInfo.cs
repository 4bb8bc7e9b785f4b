// One cluster and one operator for all. Tests mostly wait for pods, so more of them run at once than there are CPUs; those that
// disturb the whole cluster are in the collection Alone and come last.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]
[assembly: AssemblyFixture(typeof(Hud.ClusterTests.Harness.Cluster))]
