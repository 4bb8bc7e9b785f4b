namespace Hud.Profiling.Symbols;

/// <summary>What to change in the build so that the next report says more.</summary>
public static class NamesWarning
{
    /// <summary>Exactly what goes into Cargo.toml. Line tables cost no speed and no memory at run time, only file size.</summary>
    public const string CargoLines =
        """
        [profile.release]
        debug = "line-tables-only"
        strip = false
        """;

    public static string? For(ModuleRef module, bool hasDebugInfo, bool helperGaveUp, string error)
    {
        ArgumentNullException.ThrowIfNull(module);
        var stripped = module.Elf is { Functions.HasFullTable: false };
        if (helperGaveUp)
        {
            return $"{module.Path}: its debug information could not be read ({error}); functions are named from symbols, without files and lines.";
        }

        if (hasDebugInfo)
        {
            return null;
        }

        var what = stripped ? "is stripped: most functions have no name" : "has no line tables: functions are named, files, lines and inlined functions are not";
        return $"{module.Path} {what}. Put this into Cargo.toml and build again (the program does not get slower):\n{CargoLines}";
    }
}
