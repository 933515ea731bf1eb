using System.Numerics;

namespace REHRSeg.Imaging;

/// <summary>The undeformed anatomy of one phantom: body, organ lobes and lesions in the normalised volume [-1, 1]³.</summary>
sealed class PhantomShape
{
    readonly Ellipsoid _body;
    readonly Ellipsoid[] _lobes, _lesions;
    readonly float _bend;

    /// <summary>Draws sizes, positions and tilts.</summary>
    public PhantomShape(PhantomAnatomy anatomy, Random random)
    {
        float Vary(float value) => value * Uniform(random, 0.88f, 1.12f);
        Vector3 Radii(float x, float y, float z) => new(Vary(x), Vary(y), Vary(z));
        Vector3 Jitter(float range) => new(Uniform(random, -range, range), Uniform(random, -range, range), Uniform(random, -range, range));
        Quaternion Tilt(float least, float largest) => Quaternion.CreateFromAxisAngle(InPlaneAxis(random), Uniform(random, least, largest));

        _body = new(Jitter(0.03f), new(Vary(0.9f), Vary(0.82f), 1.6f), Quaternion.Identity);
        var centre = Jitter(0.1f);
        var axis = Vector3.Transform(Vector3.UnitZ, Tilt(0.5f, 1.1f));
        _lobes = anatomy switch
        {
            PhantomAnatomy.Ovoid => [new(centre, Radii(0.52f, 0.46f, 0.56f), Tilt(0, 0.5f))],
            PhantomAnatomy.Oblong => [new(centre, Radii(0.34f, 0.38f, 0.72f), Tilt(0.4f, 0.8f))],
            PhantomAnatomy.Bilobed =>
            [
                new(centre - 0.24f * axis, Radii(0.4f, 0.36f, 0.38f), Tilt(0, 0.6f)),
                new(centre + 0.3f * axis, Radii(0.34f, 0.38f, 0.36f), Tilt(0, 0.6f)),
            ],
            PhantomAnatomy.Crescent => [new(centre, Radii(0.34f, 0.4f, 0.68f), Tilt(0, 0.3f))],
            _ => throw new ArgumentOutOfRangeException(nameof(anatomy), anatomy, "Not a known anatomy."),
        };
        _bend = anatomy == PhantomAnatomy.Crescent ? Uniform(random, 0.45f, 0.75f) * (random.Next(2) == 0 ? -1 : 1) : 0;
        _lesions = new Ellipsoid[1 + random.Next(2)];
        for (int i = 0; i < _lesions.Length; i++)
        {
            var lobe = _lobes[i % _lobes.Length];
            var offset = Vector3.Transform(lobe.Radii * Jitter(0.4f), lobe.Rotation);
            float size = i == 0 ? 1 : 0.75f;
            _lesions[i] = new(lobe.Centre + offset, size * Radii(0.2f, 0.22f, 0.27f), Tilt(0, 0.9f));
        }
    }

    /// <summary>Approximate depths of a point below the surfaces of body, organ and lesion; positive inside.</summary>
    public (float Body, float Organ, float Lesion) Depths(Vector3 p)
    {
        float body = _body.Depth(p);
        p.X += _bend * (p.Z * p.Z - 0.15f);
        return (body, Deepest(_lobes, p), Deepest(_lesions, p));
    }

    static float Deepest(Ellipsoid[] parts, Vector3 p)
    {
        float depth = float.NegativeInfinity;
        foreach (var part in parts) depth = Math.Max(depth, part.Depth(p));
        return depth;
    }

    static Vector3 InPlaneAxis(Random random)
    {
        var (sin, cos) = MathF.SinCos(Uniform(random, 0, 2 * MathF.PI));
        return new(cos, sin, 0);
    }

    static float Uniform(Random random, float low, float high) => low + (high - low) * random.NextSingle();
}
