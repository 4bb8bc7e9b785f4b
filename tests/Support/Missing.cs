namespace Hud.Tests.Support;

internal static class Missing
{
    /// <summary>Skips the test with the reason, or fails it when HUD_REQUIRE_ALL=1.</summary>
    public static void Tool(string name) => Because($"{name} is not installed");

    public static void Because(string reason)
    {
        if (Environment.GetEnvironmentVariable("HUD_REQUIRE_ALL") == "1")
        {
            Assert.Fail(reason);
        }

        Assert.Skip(reason);
    }
}
