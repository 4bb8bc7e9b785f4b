namespace Hud.Symbolization;

/// <summary>
/// Depth-first over debug information entries in linear time. The library's own step to the next sibling reads the whole
/// subtree when the compiler wrote no DW_AT_sibling (LLVM never does), so descending into a namespace and then stepping over
/// it reads everything once per level. When a list ends, though, the library says where: the byte after that null entry is the
/// parent's next sibling.
/// </summary>
internal unsafe ref struct DieWalk
{
    private Interop.Die current;
    private int depth;

    /// <summary>Where the enclosing list goes on, when known.</summary>
    public DieWalk(Interop.Die root) => current = root;

    public readonly int Depth => depth;

    public readonly Interop.Die Current => current;

    /// <summary>To the first child; false (and nothing moved) when there is none.</summary>
    public bool Down()
    {
        Interop.Die child = default;
        fixed (Interop.Die* from = &current)
        {
            if (depth >= DwarfLimits.MaxDepth || Interop.dwarf_child(from, &child) != 0)
            {
                return false;
            }
        }

        current = child;
        depth++;
        return true;
    }

    /// <summary>To the next entry that is not below the current one: a sibling, or a sibling of an ancestor. False at the
    /// root's end.</summary>
    public bool Next()
    {
        Interop.Die sibling = default;
        fixed (Interop.Die* from = &current)
        {
            var result = Interop.dwarf_siblingof(from, &sibling);
            if (result == 0)
            {
                current = sibling;
                return true;
            }

            if (result < 0 || sibling.Address is null)
            {
                return false;
            }
        }

        // sibling.Address is the null entry that ends this list
        var at = sibling.Address;
        do
        {
            at++;
            if (--depth <= 0)
            {
                return false;
            }
        } while (*at == 0);

        current = new Interop.Die { Address = at, Unit = current.Unit };
        return true;
    }
}
