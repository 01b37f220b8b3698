/** The queue in which pg-boss puts a job when the time of a schedule has come. Its `data` names the schedule. */
export const scheduleQueue = "schedules";
