using System.Runtime.CompilerServices;

namespace Hud.Reports.Tests.Text;

/// <summary>
/// Compares with a file beside the tests. HUD_UPDATE_GOLDEN=1 writes the files anew: look at the diff before you commit it.
/// </summary>
internal static class GoldenFile
{
    public static void Matches(string name, string actual, [CallerFilePath] string caller = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(caller)!, "Golden", name);
        if (Environment.GetEnvironmentVariable("HUD_UPDATE_GOLDEN") == "1")
            File.WriteAllText(path, actual);
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
