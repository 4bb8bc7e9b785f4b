namespace Hud.Tests.Support;

/// <summary>Where the repository is that the running tests were built from.</summary>
internal static class RepositoryRoot
{
    /// <summary>The folder with Hud.sln.</summary>
    public static string Folder { get; } = Find();

    /// <param name="parts">Relative to the root.</param>
    public static string PathOf(params string[] parts) => Path.Combine([Folder, .. parts]);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Hud.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"no Hud.sln above {AppContext.BaseDirectory}");
    }
}
