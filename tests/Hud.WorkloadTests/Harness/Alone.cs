namespace Hud.WorkloadTests.Harness;

/// <summary>
/// Programs that take all CPUs, or of which a test says more than that their report agrees with their own account: a second program would
/// be the noise of the first. They run after all others, one at a time.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}
