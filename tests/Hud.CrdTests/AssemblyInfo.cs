// One server for all, and a test that puts another definition in the place of ours.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: AssemblyFixture(typeof(Hud.CrdTests.Harness.CrdServer))]
