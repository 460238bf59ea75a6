// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension DividedTable {
    /// The values.
    public static let readings = DividedTable(
        name: "readings",
        key: ["meter_id", "series"],
        moment: "at",
        daysPerPartition: 7
    )

    /// What rows of profiles have beside their values.
    public static let profileRows = DividedTable(
        name: "profile_rows",
        key: ["meter_id", "series"],
        moment: "at",
        daysPerPartition: 7
    )
}
