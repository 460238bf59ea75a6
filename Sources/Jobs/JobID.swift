// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// The identifier of a job.
public typealias JobID = TimeOrderedID<JobRecord>

/// Makes identifiers of jobs.
public typealias JobIDGenerator = TimeOrderedIDGenerator<JobRecord>
