namespace Hud.ClusterTests.Harness;

/// <summary>Tests that touch what all share: the operator, the node, the API server. They run after all others, one at a time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}
