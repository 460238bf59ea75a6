// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel

/// What a profile records, with the names and units of its columns.
public struct ProfileSheet: Sendable {
    /// The profile object.
    public let object: MeterObject
    /// What the attributes of the object say.
    public let descriptor: ProfileDescriptor
    /// The columns with scaler and unit.
    public let layout: ProfileLayout

    /// Whether the newest row comes first in the buffer.
    var isNewestFirst: Bool { descriptor.sortMethod == .lifo }
}
