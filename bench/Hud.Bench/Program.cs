using Hud.Bench;

switch (args)
{
    case ["unwind", .. var rest]:
        return UnwindBench.Run(rest);
    case ["page", .. var rest]:
        return PageBench.Run(rest);
    default:
        Console.Error.WriteLine("usage: Hud.Bench unwind [ELF FILE ...] | page [DIRECTORY]");
        return 2;
}
