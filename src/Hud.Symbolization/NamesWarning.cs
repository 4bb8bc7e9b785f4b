namespace Hud.Symbolization;

/// <summary>What to change in the build so that the next report says more.</summary>
public static class NamesWarning
{
    /// <summary>Exactly what goes into Cargo.toml. Line tables cost no speed and no memory at run time, only file size.</summary>
    public const string CargoLines = """
        [profile.release]
        debug = "line-tables-only"
        strip = false
        """;

    /// <summary>What is missing and what to do about it; null when nothing is.</summary>
    public static (string Text, string NextStep)? For(
        ModuleRef module,
        bool hasDebugInfo,
        bool helperGaveUp,
        string error
    )
    {
        ArgumentNullException.ThrowIfNull(module);
        if (helperGaveUp)
        {
            return (
                $"{module.Path}: its debug information could not be read ({error}); functions are named from symbols, without files and lines",
                "check the file with readelf --debug-dump=info, and rebuild it if that complains too"
            );
        }

        if (hasDebugInfo)
        {
            return null;
        }

        var what = module.Elf is { Functions.HasFullTable: false }
            ? "is stripped: most functions have no name"
            : "has no line tables: files, lines and inlined functions are not known";
        return (
            $"{module.Path} {what}",
            $"put this into Cargo.toml and build again (the program does not get slower):\n{CargoLines}"
        );
    }
}
