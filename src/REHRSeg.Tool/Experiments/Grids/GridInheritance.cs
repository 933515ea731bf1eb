namespace REHRSeg.Tool;

/// <summary>What cells take from those that they extend: everything but name and title; a cell's own properties and options win.</summary>
internal static class GridInheritance
{
    /// <summary>A cell with what it inherits.</summary>
    /// <param name="cell">As it stands in the file.</param>
    /// <param name="all">Every cell by name.</param>
    /// <param name="common">Options of the whole grid, which all others win over.</param>
    public static WrittenCell Merge(WrittenCell cell, IReadOnlyDictionary<string, WrittenCell> all, Dictionary<string, GridElement> common)
    {
        var members = new Dictionary<string, GridElement>(StringComparer.Ordinal);
        var set = new Dictionary<string, GridElement>(common, StringComparer.OrdinalIgnoreCase);
        foreach (var ancestor in Chain(cell, all).AsEnumerable().Reverse())
        {
            foreach (var (name, value) in ancestor.Members) members[name] = value;
            foreach (var (option, value) in ancestor.Set) set[option] = value;
        }
        return cell with { Members = members, Set = set };
    }

    /// <summary>The cell, the one it extends, the one that extends, and so on.</summary>
    static List<WrittenCell> Chain(WrittenCell cell, IReadOnlyDictionary<string, WrittenCell> all)
    {
        List<WrittenCell> chain = [cell];
        while (chain[^1].Members.TryGetValue("extends", out var extends))
        {
            var next = all[extends.OneOf([.. all.Keys])];
            int seen = chain.IndexOf(next);
            chain.Add(next);
            if (seen >= 0) throw extends.Error($"closes a circle: {string.Join(" -> ", chain.Skip(seen).Select(c => c.Name))}. Let one of these cells extend none of the others.");
        }
        return chain;
    }
}
