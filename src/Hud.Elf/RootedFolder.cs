using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hud.Elf;

/// <summary>
/// A folder that is the root of all paths below it, as it is for whoever lives there (<c>/proc/PID/root</c>). Paths are walked name by
/// name from held descriptors: "..", absolute links and swapped folders lead nowhere else, and the links of /proc that lead out are
/// taken for the text they show. openat2(RESOLVE_IN_ROOT) does the same, but its flags lie in memory where a seccomp filter cannot
/// see them, so a sandbox that looks at flags has to refuse that call.
/// </summary>
public sealed class RootedFolder : IDisposable
{
    private const int MaxSteps = 256,
        MaxLinks = 40; // the kernel's own bound

    private readonly SafeFileHandle _root;

    private RootedFolder(SafeFileHandle root) => _root = root;

    /// <summary>Null when the folder does not exist or is gone.</summary>
    public static RootedFolder? TryOpen(string path)
    {
        var root = Files.Name(path, out _);
        if (!root.IsInvalid)
            return new RootedFolder(root);
        root.Dispose();
        return null;
    }

    /// <summary>Opens the regular file that the path means below this root, to be read.</summary>
    public bool TryOpen(
        string path,
        [NotNullWhen(true)] out FileByteSource? source,
        out string error,
        ReadBudget? budget = null
    )
    {
        source = null;
        var folders = new Stack<SafeFileHandle>();
        SafeFileHandle? file = null;
        try
        {
            file = Walk(path, folders, out error);
            return file is not null && FileByteSource.TryOpen(file, out source, out error, budget);
        }
        finally
        {
            file?.Dispose();
            foreach (var folder in folders)
                folder.Dispose();
        }
    }

    /// <param name="folders">those that were gone through, below the root</param>
    private SafeFileHandle? Walk(string path, Stack<SafeFileHandle> folders, out string error)
    {
        var names = new Stack<string>();
        Push(names, path);
        int steps = 0,
            links = 0;
        while (names.TryPop(out string? name))
        {
            if (++steps > MaxSteps)
            {
                error = "the path is too long";
                return null;
            }

            if (name == "..")
            {
                if (folders.TryPop(out var left))
                    left.Dispose();
                continue;
            }

            var next = Files.NameIn(folders.TryPeek(out var here) ? here : _root, name, out int number);
            if (next.IsInvalid)
            {
                error = Marshal.GetPInvokeErrorMessage(number);
                return null;
            }

            if (Files.TryFacts(next, out var facts) && facts.IsLink)
            {
                string? target = Files.LinkText(next);
                next.Dispose();
                if (target is null || ++links > MaxLinks)
                {
                    error = "too many symbolic links";
                    return null;
                }

                if (target.StartsWith('/'))
                {
                    while (folders.TryPop(out var left))
                        left.Dispose();
                }

                Push(names, target);
                continue;
            }

            if (names.Count == 0)
            {
                error = "";
                return next;
            }

            folders.Push(next);
        }

        error = "not a regular file";
        return null;
    }

    private static void Push(Stack<string> names, string path)
    {
        foreach (string name in path.Split('/').Reverse())
        {
            if (name is not ("" or "."))
                names.Push(name);
        }
    }

    public void Dispose() => _root.Dispose();
}
