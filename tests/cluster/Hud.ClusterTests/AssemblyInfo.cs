// One cluster, one operator: the tests take turns.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: AssemblyFixture(typeof(Hud.ClusterTests.Harness.Cluster))]
