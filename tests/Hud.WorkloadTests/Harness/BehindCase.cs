namespace Hud.WorkloadTests.Harness;

/// <summary>The cases of the program <c>behind</c>, by their place in its <c>CASES</c>.</summary>
internal enum BehindCase
{
    NextSlot,
    Channel,
    Timer,
    Io,
    Notify,
    WokeItself,
    CurrentThread,
    LocalSet,
    TwoRuntimes,
    TwoAtOnce,
    Lock,
    ShortPolls,
    InPlace,
    Starved,
}
