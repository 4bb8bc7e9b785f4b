using Hud.Frames;

namespace Hud.Symbolization;

/// <summary>
/// With <c>debug = "line-tables-only"</c> the compiler writes of an inlined function just the last part of its name: <c>push&lt;u64,
/// Global&gt;</c>. The file it is in says the module: /rustc/(commit)/library/alloc/src/vec/mod.rs makes it <c>alloc::vec::push</c>. That lacks the
/// type (<c>Vec</c>), but distinguishes <c>std::fs::read</c> from any other <c>read</c>.
/// </summary>
internal static class ModulePath
{
    /// <param name="file">path in full</param>
    /// <param name="directory">the unit's compilation directory</param>
    /// <param name="unit">the unit's name: <c>src/main.rs/@/checkout.6a5d2cdb84c5d488-cgu.0</c></param>
    public static string Qualify(string name, string file, string directory, string unit)
    {
        if (PathPart(name).Contains("::", StringComparison.Ordinal) || !file.EndsWith(".rs", StringComparison.Ordinal))
        {
            return name;
        }

        var src = file.LastIndexOf("/src/", StringComparison.Ordinal);
        var modules =
            src >= 0 ? file.AsSpan(src + 5)
            : file.StartsWith("src/", StringComparison.Ordinal) ? file.AsSpan(4)
            : default;
        if (modules.IsEmpty)
        {
            return name;
        }

        var crate = CrateOf(file, src, directory, unit);
        if (crate.Length == 0)
        {
            return name;
        }

        modules = modules[..^3];
        foreach (var root in (ReadOnlySpan<string>)["/mod", "/lib", "/main"])
        {
            modules = modules.EndsWith(root) ? modules[..^root.Length] : modules;
        }

        var path = modules is "lib" or "main" or "mod"
            ? ""
            : modules.ToString().Replace("/", "::", StringComparison.Ordinal) + "::";
        return $"{crate}::{path}{name}";
    }

    /// <summary>The name without generic arguments: those may hold paths of their own.</summary>
    private static string PathPart(string name)
    {
        var generic = name.IndexOf('<');
        return generic > 0 ? name[..generic] : name;
    }

    private static string CrateOf(string file, int src, string directory, string unit)
    {
        // the package's own sources belong to the crate the unit was made for
        var root = src < 0 ? "" : file[..src];
        if (root == directory || root.Length == 0)
        {
            var mark = unit.LastIndexOf("/@/", StringComparison.Ordinal);
            var end = mark < 0 ? -1 : unit.IndexOf('.', mark);
            return end < 0 ? "" : unit[(mark + 3)..end];
        }

        // .../tokio-1.43.0/src, .../library/std/src, .../crates/stock/src
        var folder = root[(root.LastIndexOf('/') + 1)..];
        return SourcePath.CrateOf(folder);
    }
}
